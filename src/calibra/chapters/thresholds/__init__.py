"""Where does each rep draw the line, and how far should it move?"""
