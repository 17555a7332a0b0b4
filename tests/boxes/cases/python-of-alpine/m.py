print("ALP")
