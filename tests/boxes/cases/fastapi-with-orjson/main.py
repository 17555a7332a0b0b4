import datetime
import uuid
import orjson
from fastapi import FastAPI
from fastapi.responses import ORJSONResponse
from fastapi.testclient import TestClient
app = FastAPI(default_response_class=ORJSONResponse)
@app.get("/")
async def root():
    return ORJSONResponse({"when": datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), "id": uuid.UUID(int=1), "é": float("nan")})
if __name__ == "__main__":
    print(TestClient(app).get("/").text)
    print(orjson.loads(orjson.dumps({1: [2]}, option=orjson.OPT_NON_STR_KEYS)), orjson.__version__ > "3.1")
