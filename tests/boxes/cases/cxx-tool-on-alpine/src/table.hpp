#pragma once
#include <iosfwd>
#include <string>
#include <unordered_map>
#include <vector>
class Table {
public:
    void add(const std::string &word);
    int at(const std::string &word) const;
    void print(std::ostream &out) const;
private:
    std::unordered_map<std::string, int> counts_;
};
