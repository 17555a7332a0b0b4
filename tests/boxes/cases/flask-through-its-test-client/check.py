from app import app
r = app.test_client().get("/"); print(r.text, r.status_code)
