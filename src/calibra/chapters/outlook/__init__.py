"""What will the present pipeline bring, by month?"""
