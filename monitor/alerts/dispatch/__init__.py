"""Sends what the outbox holds: claims, tries, tries again, and says what failed. Its pages are at /alerts/deliveries/."""
