#include "table.hpp"
#include <algorithm>
#include <ostream>
void Table::add(const std::string &word) { counts_[word]++; }
int Table::at(const std::string &word) const { return counts_.at(word); }
void Table::print(std::ostream &out) const {
    std::vector<std::pair<std::string, int>> rows(counts_.begin(), counts_.end());
    std::sort(rows.begin(), rows.end(), [](auto &a, auto &b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    for (const auto &[word, count] : rows)
        out << word << " " << count << "\n";
}
