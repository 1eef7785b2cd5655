print("septum")
