"""From an alert to what was learned: incidents with their times, checklists, escalation, review and public word."""
