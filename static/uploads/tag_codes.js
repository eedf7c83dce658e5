// The codes of AprilTag 36h10 that C.Hasil pages may carry, from number 1 of each hundred on: 101 to 103 are the
// presidential form's, the others guesses, good enough to tell another ballot. A code is 36 bits, row by row as the
// form prints them (turned by 180° against OpenCV's picture), 1 = white, in hexadecimal.
const HUNDREDS = {
  100: `1da1c89dd 289c99b2c 3ae94b805`,
  200: `b56fca938 f750b1112 1bea14ac4 1f9305089 233bf564e 31dfb6d62 3931978ec 52d02a14f 5a220acd9 b1f893751 fb2b5aab5
    40b531854 5a53c40b7 8d90e917d 9139d9742 94e2c9d07 d6c3b04e1 e910621ba f40b33309 1152b6131 32432951e 3d3dfa66d
    65804e5e4 ab0a25383 b604f64d2 de474a449 11846f50f 6d03e854c 7455c90d6 ab3bde761`,
  300: `c1394fdb4 06c326b53 5e99af5cb af1e574b9 e6046cb44 661d49533 8e5f9d4aa db3b54dd3 e63625f22 e9df164e7 455e8f524
    5b54317c2 be258b389 54340a016 5b85eaba0 1284dcc1a 24d18e8f3 4d13e286a 8b4bd8a7f 215a5770c 46572d87a c2c719ca4
    4ddac77e2 d19c94796 2d1c0d7d3 9ae8384e9 9e9128aae ca7c6cfea 016282675 ad985c97e`,
  400: `f992e3a70 884f81b73 c68777d88 603ee6fda 728b98cb3 b12701684 d5f21e414 058652f15 2dc8a6e8c 4767396ef b8dc549ca
    f36b5a61a 0d09ece7d dda77175a 05e9c56d1 73e7a97c5 b21f9f9da de3c9d2f4 69504ae32 77f40c546 ed1217de6 3a1f88aed
    e623a9a18 0aeec67a8 bea83aa19 92eeaf8bb a5d08d12e 819a9bf38 473d4f6c6 b192431f5`,
  500: `c9afcc532 80aebe5ac d2f2e9768 cc67edb56 a51e37f35 6ac0eb6c3 6af2a4aa1 e76290ecb 37e738db9 72d9b11c5 76e613f46
    4f073278b 0e1eea307 e9e8f9111 0793ee6f5 17304e15f 7a3361104 731339958 8daa6a511 a4037ef6b 210896f2f afc535032
    e3025a0f8 63e21ba5f 3ebb5b8c8 f9c6b06c3 ca95ee37e 81f852bb4 d6895d823 7040cca75`,
};

export const CODES = Object.entries(HUNDREDS).flatMap(([hundred, codes]) =>
  codes.split(/\s+/).map((code, at) => [Number(hundred) + at + 1, code]),
);
