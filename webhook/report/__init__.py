"""Presentations of Assessments: tables, documents for programs, and a page for people. No rule is written here."""
