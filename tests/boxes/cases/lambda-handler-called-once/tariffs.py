import os

import humanize


def handle(event, context):
    return {
        "price": humanize.intcomma(event["units"] * 25),
        "where": os.environ["LAMBDA_TASK_ROOT"],
        "version": context.function_version,
    }
