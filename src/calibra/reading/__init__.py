"""What every chapter reads a posterior with."""
