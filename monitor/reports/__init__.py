"""What is written for people without an alarm: the daily digest, the triage list, the weekly review, the monthly report."""
