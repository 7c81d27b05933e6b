def trespass(stage, result):
    raise NotImplementedError


def list_modes(plan):
    return [""]
