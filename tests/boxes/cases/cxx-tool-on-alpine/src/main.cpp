#include "table.hpp"
#include <iostream>
#include <stdexcept>
int main(int argc, char **argv) {
    try {
        Table table;
        for (std::string word; std::cin >> word;)
            table.add(word);
        if (argc > 1)
            std::cout << table.at(argv[1]) << std::endl;
        else
            table.print(std::cout);
    } catch (const std::out_of_range &error) {
        std::cerr << "not there" << std::endl;
        return 1;
    }
}
