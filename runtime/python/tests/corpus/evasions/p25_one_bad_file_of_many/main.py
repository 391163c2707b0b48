import settings

print(settings.LIMIT)
