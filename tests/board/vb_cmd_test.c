/*
 * `test` and `itest` with U-Boot's meaning, which is not the one of a Unix shell: an expression
 * that `test` cannot read is true, so `test ${unset} = x` succeeds.
 */
#include "vb_model.h"

#include <stdlib.h>
#include <string.h>

enum op {
    EQ,
    NE,
    LT,
    GT,
    INT_EQ,
    INT_NE,
    INT_LT,
    INT_LE,
    INT_GT,
    INT_GE,
    NOT,
    ANY,
    ALL,
    EMPTY,
    FULL
};

static const struct {
    int place; /* where the operator stands among the words that are left */
    const char *word;
    enum op op;
    int words; /* that it takes */
} operators[] = {
    {1, "=", EQ, 3},       {1, "!=", NE, 3},      {1, "<", LT, 3},       {1, ">", GT, 3},
    {1, "-eq", INT_EQ, 3}, {1, "-ne", INT_NE, 3}, {1, "-lt", INT_LT, 3}, {1, "-le", INT_LE, 3},
    {1, "-gt", INT_GT, 3}, {1, "-ge", INT_GE, 3}, {0, "!", NOT, 1},      {0, "-o", ANY, 1},
    {0, "-a", ALL, 1},     {0, "-z", EMPTY, 2},   {0, "-n", FULL, 2},
};

static int compare(enum op op, char **w)
{
    int text = op <= GT ? strcmp(w[0], w[2]) : 0;
    long long a = op >= INT_EQ && op <= INT_GE ? strtoll(w[0], NULL, 0) : 0;
    long long b = op >= INT_EQ && op <= INT_GE ? strtoll(w[2], NULL, 0) : 0;
    switch (op) {
    case EQ:
        return text == 0;
    case NE:
        return text != 0;
    case LT:
        return text < 0;
    case GT:
        return text > 0;
    case INT_EQ:
        return a == b;
    case INT_NE:
        return a != b;
    case INT_LT:
        return a < b;
    case INT_LE:
        return a <= b;
    case INT_GT:
        return a > b;
    case INT_GE:
        return a >= b;
    case EMPTY:
        return w[1][0] == 0;
    default:
        return w[1][0] != 0;
    }
}

static int find(char **w, int left)
{
    int count = (int)(sizeof operators / sizeof *operators);
    for (int i = 0; i < count; i++)
        if (left > operators[i].place && !strcmp(w[operators[i].place], operators[i].word))
            return left < operators[i].words ? -1 : i;
    return -1;
}

int vb_cmd_test(struct vb *vb, int argc, char **argv)
{
    (void)vb;
    if (argc < 3)
        return 1;
    int value = 0, before = 0, negate = 0, join = -1;
    char **w = argv + 1;
    for (int left = argc - 1; left > 0;) {
        int i = find(w, left);
        if (i < 0)
            return 0; /* not understood: true */
        enum op op = operators[i].op;
        if (op == NOT)
            negate = !negate;
        else if (op == ANY || op == ALL) {
            before = value;
            join = (int)op;
        } else {
            value = compare(op, w) != negate;
            value = join == ANY ? before || value : join == ALL ? before && value : value;
            negate = 0;
            join = -1;
        }
        left -= operators[i].words;
        w += operators[i].words;
    }
    return !value;
}

/* A number, or what stands in memory at *ADDRESS. */
static int operand(struct vb *vb, const char *text, unsigned size, uint64_t *out)
{
    if (*text != '*') {
        *out = vb_hex(text);
        return 0;
    }
    const uint8_t *mem = vb_ram(vb, vb_hex(text + 1), size);
    if (!mem)
        return vb_crash(vb, "itest reads outside the memory");
    *out = 0;
    for (unsigned i = size; i-- > 0;)
        *out = *out << 8 | mem[i];
    return 0;
}

int vb_cmd_itest(struct vb *vb, int argc, char **argv)
{
    static const struct {
        const char *a, *b;
        unsigned holds; /* bit 0: less, bit 1: equal, bit 2: greater */
    } compares[] = {{"-eq", "==", 2}, {"-ne", "!=", 5}, {"-lt", "<", 1},
                    {"-gt", ">", 4},  {"-le", "<=", 3}, {"-ge", ">=", 6}};
    const char *dot = strchr(argv[0], '.');
    char letter = dot ? dot[1] : 'l';
    unsigned size = letter == 'b' ? 1 : letter == 'w' ? 2 : letter == 'q' ? 8 : 4;
    uint64_t a = 0, b = 0;
    if (argc != 4 || operand(vb, argv[1], size, &a) || operand(vb, argv[3], size, &b))
        return 1;
    if (size < 8) {
        a &= (1ull << 8 * size) - 1;
        b &= (1ull << 8 * size) - 1;
    }
    unsigned order = a < b ? 1 : a == b ? 2 : 4;
    for (size_t i = 0; i < sizeof compares / sizeof *compares; i++)
        if (!strcmp(argv[2], compares[i].a) || !strcmp(argv[2], compares[i].b))
            return !(compares[i].holds & order);
    return !strcmp(argv[2], "<>") ? a == b : 1;
}
