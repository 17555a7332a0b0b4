import contextlib
import os
import signal

from fastapi import FastAPI
from text_unidecode import unidecode


@contextlib.asynccontextmanager
async def lifespan(app):
    print("ready in", os.getcwd(), plain("café"), flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    yield
    print("ended", flush=True)


app = FastAPI(lifespan=lifespan)


@app.get("/{word}")
def plain(word: str) -> str:
    return unidecode(word)
