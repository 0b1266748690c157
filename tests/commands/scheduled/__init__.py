"""Tests of the commands on schedules."""
