"""The report as a picture: each part draws itself on one canvas."""
