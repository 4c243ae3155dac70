"""Django system checks of the strategy and of what is sent where; names of classes are resolved by core.registry."""

from core.registry import resolve_classes, resolve_final, resolve_ignored

__all__ = ["resolve_classes", "resolve_final", "resolve_ignored"]
