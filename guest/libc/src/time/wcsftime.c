// wcsftime is in strftime.c.
