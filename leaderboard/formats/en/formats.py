"""How times are written where Django writes them itself, as at the desk: never without their zone."""

DATETIME_FORMAT = "j M Y, H:i e"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
