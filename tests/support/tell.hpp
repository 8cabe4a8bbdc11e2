// TELL("46 of " << all << " come back") prints what a test counted as one line. doctest's MESSAGE takes six for it,
// among which a failure has to be searched for.
#pragma once

#include <iostream>

#include <doctest/doctest.h>

inline std::ostream& tell_of(const doctest::TestCaseData& test) {
    const bool in_suite = test.m_test_suite != nullptr && *test.m_test_suite != '\0';
    return std::cout << (in_suite ? test.m_test_suite : test.m_name) << ": ";
}

#define TELL(...) (tell_of(*doctest::getContextOptions()->currentTest) << __VA_ARGS__ << '\n')
