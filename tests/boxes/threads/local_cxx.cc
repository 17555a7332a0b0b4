#include <cstdio>
#include <string>
#include <thread>
#include <vector>
#include <mutex>
static std::mutex lock;
static int made, gone;
struct Noted { int n; Noted() : n(41) { made++; } ~Noted() { gone++; } };
static int next() { static int n = 100; return n++; }
thread_local std::string text = "a string that is long enough to be on the heap";
thread_local Noted noted;
inline int &inlined() { thread_local int n = next(); return n; }
static int local() { static thread_local std::vector<int> v{1, 2, 3}; v.push_back(4); return (int)v.size(); }
int main() {
    noted.n++; text += "main";
    std::vector<std::thread> all;
    int fine = 0;
    inlined();
    for (int i = 0; i < 5; i++) all.emplace_back([&fine] {
        std::string mine = text; text += "x";
        std::this_thread::yield();
        std::lock_guard<std::mutex> held(lock);
        fine += mine.size() == 46 && text.size() == 47 && ++noted.n == 42 && inlined() > 100 && local() == 4 && local() == 5;
    });
    for (auto &t : all) t.join();
    std::printf("%d %d %d %zu %d\n", fine, made, gone, text.size(), inlined());
    try { std::thread([] { try { throw 5; } catch (int n) { std::printf("caught %d\n", n); } }).join(); } catch (...) {}
}
