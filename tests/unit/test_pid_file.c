/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/pid_file.h"

struct fixture {
    struct buffer error;
    char directory[UNIT_DIRECTORY_SIZE];
    char path[UNIT_FILE_SIZE];
    char content[64];
};

static int make(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    if (unit_make_directory(f->directory) < 0)
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/sse.pid", f->directory);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    buffer_fini(&f->error);
    unlink(f->path);
    rmdir(f->directory);
    test_free(f);
    return 0;
}

static void put(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

/* NULL when there is no file. */
static const char *content_of(struct fixture *f)
{
    FILE *file = fopen(f->path, "r");
    if (file == NULL)
        return NULL;
    size_t len = fread(f->content, 1, sizeof(f->content) - 1, file);
    f->content[len] = '\0';
    fclose(file);
    return f->content;
}

static int files_in(const char *directory)
{
    int count = 0;
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

static void assert_refused(struct fixture *f, const char *path, const char *reason)
{
    buffer_clear(&f->error);
    assert_int_equal(pid_file_write(path, 12, &f->error), -1);
    assert_contains(f->error.data, path);
    assert_contains(f->error.data, "--pid-file");
    assert_contains(f->error.data, reason);
    assert_null(strchr(f->error.data, '\n'));
}

static void it_holds_the_pid_on_one_line(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(pid_file_write(f->path, 12345, &f->error), 0);
    assert_int_equal(f->error.len, 0);
    assert_string_equal(content_of(f), "12345\n");
    assert_int_equal(files_in(f->directory), 1);
}

static void all_may_read_it_and_one_may_write_whatever_the_umask(void **state)
{
    static const mode_t umasks[] = {0, 022, 077, 0777};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(umasks); i++) {
        struct stat file;
        mode_t before = umask(umasks[i]);
        int result = pid_file_write(f->path, 12, &f->error);
        umask(before);
        assert_int_equal(result, 0);
        assert_int_equal(stat(f->path, &file), 0);
        assert_int_equal(file.st_mode & 07777, 0644);
    }
}

static void what_an_earlier_process_left_is_replaced(void **state)
{
    struct fixture *f = *state;
    put(f->path, "99999999 and more\nof it\n");
    assert_int_equal(pid_file_write(f->path, 7, &f->error), 0);
    assert_string_equal(content_of(f), "7\n");
    assert_int_equal(files_in(f->directory), 1);
}

/* Who has it open reads the old number or the new one, never half of it. */
static void it_is_replaced_at_once(void **state)
{
    struct fixture *f = *state;
    char line[16] = "";
    put(f->path, "111111\n");
    FILE *reader = fopen(f->path, "r");
    assert_non_null(reader);
    assert_int_equal(pid_file_write(f->path, 2, &f->error), 0);
    assert_non_null(fgets(line, sizeof(line), reader));
    fclose(reader);
    assert_string_equal(line, "111111\n");
    assert_string_equal(content_of(f), "2\n");
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    struct fixture *f = *state;
    char path[UNIT_FILE_SIZE + 8];
    snprintf(path, sizeof(path), "%s/no/sse.pid", f->directory);
    assert_refused(f, path, "No such file or directory");
}

static void where_it_cannot_stand_nothing_is_left_behind(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_refused(f, f->path, "Is a directory");
    assert_int_equal(files_in(f->directory), 1);
    assert_int_equal(rmdir(f->path), 0);
}

static void it_is_removed_at_the_end(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(pid_file_write(f->path, 12, &f->error), 0);
    pid_file_remove(f->path, 12);
    assert_int_equal(files_in(f->directory), 0);
    pid_file_remove(f->path, 12);
}

static void the_file_of_another_process_is_kept(void **state)
{
    static const char *const others[] = {"13\n", "1\n", "123\n", "", "\n", "012\n", "x12\n", "12x\n", " 12\n", "-12\n"};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        put(f->path, others[i]);
        pid_file_remove(f->path, 12);
        const char *kept = content_of(f);
        if (kept == NULL)
            fail_msg("removed: \"%s\"", others[i]);
        assert_string_equal(kept, others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_holds_the_pid_on_one_line, make, drop),
        cmocka_unit_test_setup_teardown(all_may_read_it_and_one_may_write_whatever_the_umask, make, drop),
        cmocka_unit_test_setup_teardown(what_an_earlier_process_left_is_replaced, make, drop),
        cmocka_unit_test_setup_teardown(it_is_replaced_at_once, make, drop),
        cmocka_unit_test_setup_teardown(a_directory_that_is_not_there_is_named, make, drop),
        cmocka_unit_test_setup_teardown(where_it_cannot_stand_nothing_is_left_behind, make, drop),
        cmocka_unit_test_setup_teardown(it_is_removed_at_the_end, make, drop),
        cmocka_unit_test_setup_teardown(the_file_of_another_process_is_kept, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
