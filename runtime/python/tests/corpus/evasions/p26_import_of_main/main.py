import os as backend

if __name__ == "__main__":
    import worker
