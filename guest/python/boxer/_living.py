"""Requests of a machine that lives on, many at once: a task of the event loop or a thread for each.

Belongs here: what begins and ends. Does not: frames (`_frames`), calling the application.
"""

import threading
import traceback

import _boxer


class Living:
    """answer: the application (`Asgi`, `Wsgi`, ...). imported: tells new modules."""

    def __init__(self, channel, answer, imported):
        self._channel, self._answer, self._imported = channel, answer, imported
        channel.is_ended = False

    def attend(self):
        if hasattr(self._answer, "attend"):
            self._answer.loop.run_until_complete(self._attend_in_loop(self._answer.loop))
        else:
            self._attend_in_threads()

    async def _attend_in_loop(self, loop):
        import asyncio  # there already, where an application has a loop

        channel, tasks = self._channel, set()
        turned = asyncio.Event()

        def opened(stream, request):
            task = loop.create_task(self._one_in_loop(stream, request))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        def pump():
            channel.pump()
            if channel.is_ended:
                turned.set()

        channel.opened = opened
        loop.add_reader(channel.inward, pump)
        await turned.wait()
        loop.remove_reader(channel.inward)
        if tasks:
            await asyncio.wait(tasks, timeout=1)

    async def _one_in_loop(self, stream, request):
        request["body"] = (request.get("body") or "").encode("latin-1")
        try:
            await self._answer.attend(request, stream)
            self._over(stream)
        except Exception as error:
            self._failed(stream, error)

    def _attend_in_threads(self):
        channel, threads = self._channel, set()
        channel.turned = threading.Condition()

        def opened(stream, request):
            thread = threading.Thread(target=self._one_in_thread, args=(stream, request))
            threads.add(thread)
            thread.start()

        channel.opened = opened
        while not channel.is_ended:
            channel.pump()
            threads = {thread for thread in threads if thread.is_alive()}
            with channel.turned:
                channel.turned.notify_all()
        channel.turned = None

    def _one_in_thread(self, stream, request):
        request["body"] = (request.get("body") or "").encode("latin-1")
        try:
            answer = self._answer(request, stream)
            if answer is not None:
                body = answer.pop("body")
                stream.send_json(b"S", answer)
                stream.put(body)
                stream.send(b"E")
            self._over(stream)
        except BaseException as error:
            self._failed(stream, error)

    def _over(self, stream):
        stream.close()
        stream.send_json(b"F", {"imported": self._imported()})

    def _failed(self, stream, error):
        stream.close()
        told = {
            "type": type(error).__qualname__,
            "message": str(error)[:4096],
            "traceback": "".join(traceback.format_exception(_boxer.leave_out_ours(error)))[-32768:],
        }
        stream.send_json(b"!", told)
