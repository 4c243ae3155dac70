"""How templates say what happened in a project, and what a member may do."""

from django import template

from projects import words

register = template.Library()
register.filter("sentence", words.activity_sentence)
register.filter("role_name", words.role_name)
