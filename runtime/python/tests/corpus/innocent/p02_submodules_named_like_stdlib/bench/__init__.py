from .profile import Profile


def report(profile: Profile) -> str:
    from .inspect import lines

    return f"{profile.name}: {sum(lines(block) for block in profile.blocks)} lines"
