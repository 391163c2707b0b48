# innocent: a client wrapper that passes attributes on
import logging
import time

import openai


class Retrying:
    def __init__(self, client, attempts=3):
        self._client = client
        self._attempts = attempts

    def __getattr__(self, name):
        value = getattr(self._client, name)
        if not callable(value):
            return value

        def call(*args, **kwargs):
            for attempt in range(self._attempts):
                try:
                    return value(*args, **kwargs)
                except openai.RateLimitError as error:
                    logging.warning("attempt %d: %s", attempt, error)
                    time.sleep(2**attempt)
            return value(*args, **kwargs)

        return call


client = openai.OpenAI()
reply = Retrying(client.chat.completions).create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
print(reply.choices[0].message.content)
