# make            build/ngx_http_inference_guard_module.so, build/inference-guard
# make test       install what is needed, build, run every test
# make demo       install what is needed, build, show the guard at work
# make bench      what the guard costs, beside plain proxy_pass
# make deps       only install what building and testing need (Debian 12)
#
# Variables:  B=build  SANITIZE=address,undefined  VECTORSCAN=no  NGINX_SRC=dir
# NGINX_SRC names the sources of another NGINX to build the module against;
# without it the module is for Debian's nginx (packages nginx and nginx-dev).

B           ?= build
CC          ?= gcc
VECTORSCAN  ?= $(shell pkg-config --exists libhs 2>/dev/null && echo yes)

PKGS        := yaml-0.1 libpcre2-8 libutf8proc libmaxminddb libcrypto zlib
ifeq ($(VECTORSCAN),yes)
PKGS        += libhs
DEFINES     += -DIG_HAVE_VECTORSCAN=1
endif

WARNINGS    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
               -Wmissing-prototypes -Wdeclaration-after-statement -Werror
OPTIMIZE    ?= -O2
ifdef SANITIZE
OPTIMIZE    := -O1 -fno-omit-frame-pointer -fsanitize=$(SANITIZE) \
               -fno-sanitize-recover=all
endif
CFLAGS      ?= -g
IG_CFLAGS   := -std=c11 -D_GNU_SOURCE -fPIC $(OPTIMIZE) $(WARNINGS) $(CFLAGS) \
               $(DEFINES) -Iinclude -Ingx_inference_guard/engine \
               $(shell pkg-config --cflags-only-I $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
IG_LIBS     := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

ENGINE      := $(wildcard ngx_inference_guard/engine/*.c ngx_inference_guard/engine/*/*.c)
CLI         := $(wildcard ngx_inference_guard/cli/*.c)
HEADERS     := $(wildcard include/inference_guard/*.h ngx_inference_guard/engine/*/*.h \
               ngx_inference_guard/cli/*.h t/unit/*.h)
UNIT        := $(patsubst t/unit/%.c,$(B)/unit/%,$(wildcard t/unit/*_test.c))

ENGINE_O    := $(ENGINE:%.c=$(B)/%.o)
CLI_O       := $(CLI:%.c=$(B)/%.o)

.PHONY: all engine cli module unit deps clean
all: cli module

engine: $(B)/libinference_guard.a
cli: $(B)/inference-guard
unit: $(UNIT)

$(B)/libinference_guard.a: $(ENGINE_O)
	rm -f $@
	ar rcs $@ $^

$(B)/inference-guard: $(CLI_O) $(B)/libinference_guard.a
	$(CC) $(IG_CFLAGS) -o $@ $^ $(IG_LIBS)

$(B)/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(IG_CFLAGS) -c -o $@ $<

$(B)/unit/%: t/unit/%.c $(B)/libinference_guard.a $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(IG_CFLAGS) -o $@ $< $(B)/libinference_guard.a -lcmocka -ljansson $(IG_LIBS)

clean:
	rm -rf $(B)
