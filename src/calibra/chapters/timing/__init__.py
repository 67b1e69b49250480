"""When does the event come that a rep expects by a date: earlier, on time or later than stated?"""
