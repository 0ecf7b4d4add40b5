"""The command `einthoven`: what a department or an administrator does from a shell, over REST."""
