"""Where does each rep stand among the reps?"""
