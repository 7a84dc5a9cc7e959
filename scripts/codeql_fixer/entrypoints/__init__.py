"""Where processes start: the environment is read here, and errors become exit codes here."""
