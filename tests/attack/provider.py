def send_to_liars(stage, result):
    raise NotImplementedError


def list_modes(plan):
    return [""]
