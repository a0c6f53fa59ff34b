"""Tests: they mirror the packages; `fixtures` are the stories, `e2e` plays them on a real control plane."""
