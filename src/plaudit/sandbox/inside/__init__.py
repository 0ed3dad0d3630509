"""What runs inside a slot: the standard library and these files only, under any interpreter.

The caller imports some of them too (the codec of values); the slot gets them without the rest of
plaudit, which its interpreter may not have.
"""
