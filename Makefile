# make            build/ngx_http_inference_guard_module.so, build/inference-guard
# make deps       only install what building and testing need (Debian 12)
# make test       install what is needed, build, run every test
# make demo       install what is needed, build, show the guard at work
#                 (ARGS=--once: ends by itself)
# make bench      what the guard costs, beside plain proxy_pass
# make install    the module, the command, rule packs, proxy settings
#
# Variables: B=build  CC=gcc  VECTORSCAN=no  SANITIZE=address,undefined  V=1
#            NGINX_SRC=dir  (build the module for another NGINX's sources;
#            without it, for Debian's: packages nginx and nginx-dev)

B           ?= build
Q           := $(if $(V),,@)
CC          := $(if $(filter default,$(origin CC)),gcc,$(CC))
VECTORSCAN  ?= $(shell pkg-config --exists libhs 2>/dev/null && echo yes || echo no)

# what make test builds beside $(B)
B_ASAN      ?= build-asan
B_FUZZ      ?= build-fuzz

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
               -fno-sanitize-recover=undefined
endif
CFLAGS      ?= -g
IG_CFLAGS   := -std=c11 -D_GNU_SOURCE -fPIC $(OPTIMIZE) $(WARNINGS) $(CFLAGS) \
               $(DEFINES) -Iinclude -Ingx_inference_guard/engine \
               $(shell pkg-config --cflags-only-I $(PKGS) 2>/dev/null \
                       | sed 's/-I/-isystem /g')
IG_LIBS     := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

# the command alone talks HTTP (quota)
CLI_LIBS    := $(shell pkg-config --libs libcurl 2>/dev/null)

ENGINE      := $(wildcard ngx_inference_guard/engine/*.c \
               ngx_inference_guard/engine/*/*.c)
CLI         := $(wildcard ngx_inference_guard/cli/*.c)
HEADERS     := $(wildcard include/inference_guard/*.h \
               ngx_inference_guard/engine/*.h ngx_inference_guard/engine/*/*.h \
               ngx_inference_guard/cli/*.h t/unit/*.h t/fuzz/*.h bench/*.h)
UNIT        := $(patsubst t/unit/%.c,$(B)/unit/%,$(wildcard t/unit/*_test.c))
FUZZ        := $(patsubst t/fuzz/%.c,$(B)/fuzz/%,$(wildcard t/fuzz/fuzz_*.c))
BENCH       := $(addprefix $(B)/bench/,load upstream floor engine_bench \
               read_bench detect_bench answer_bench limit_bench chain_bench)

ENGINE_O    := $(ENGINE:%.c=$(B)/%.o)
CLI_O       := $(CLI:%.c=$(B)/%.o)
ENGINE_A    := $(B)/libinference_guard.a

.PHONY: all engine cli module unit fuzz benches deps check test demo bench \
        install clean
all: cli module

engine: $(ENGINE_A)
cli: $(B)/inference-guard
unit: $(UNIT)
fuzz: $(FUZZ)
benches: $(BENCH)


# --- the engine and what is linked to it ---

$(ENGINE_A): $(ENGINE_O)
	@rm -f $@
	@echo "  AR    $@"
	$(Q)ar rcs $@ $^

$(B)/inference-guard: $(CLI_O) $(B)/report/page.o $(ENGINE_A)
	@echo "  LINK  $@"
	$(Q)$(CC) $(IG_CFLAGS) -o $@ $^ $(IG_LIBS) $(CLI_LIBS)

$(B)/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(IG_CFLAGS) -c -o $@ $<

# the page of audit report; its script is made with packages of npm
REPORT      := ngx_inference_guard/cli/report

$(B)/report/page.js: $(REPORT)/bundle.sh $(REPORT)/page.mjs \
                     $(REPORT)/package.json $(REPORT)/npm-shrinkwrap.json
	@echo "  NPM   $@"
	$(Q)$(REPORT)/bundle.sh $(@D)

$(B)/report/page.c: $(REPORT)/embed.pl $(REPORT)/page.html \
                    $(REPORT)/style.css $(B)/report/page.js
	@echo "  EMBED $@"
	$(Q)perl $^ >$@.new
	$(Q)mv $@.new $@

$(B)/report/page.o: $(B)/report/page.c
	@echo "  CC    $<"
	$(Q)$(CC) $(IG_CFLAGS) -c -o $@ $<

$(B)/oracle_simdjson.o: t/fuzz/oracle_simdjson.cc
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	$(Q)$(CXX) -std=c++17 -O2 -g -Wall -Wextra -c -o $@ $<

$(B)/unit/%: t/unit/%.c $(ENGINE_A) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(IG_CFLAGS) -o $@ $< $(ENGINE_A) -lcmocka -ljansson $(IG_LIBS)

$(B)/unit/read_oracle_test: t/unit/read_oracle_test.c $(B)/oracle_simdjson.o \
                            $(ENGINE_A) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(IG_CFLAGS) -o $@ $< $(B)/oracle_simdjson.o $(ENGINE_A) \
	    -lcmocka -ljansson -lsimdjson -lstdc++ $(IG_LIBS)

$(B)/unit/read_scan_test $(B)/unit/read_scan_sse2_test: \
    ngx_inference_guard/engine/read/scan.c t/unit/read_scan_test.c

$(B)/unit/audit_replay_test: $(CLI)

# with clang, SANITIZE=fuzzer-no-link,address,undefined
$(B)/fuzz/%: t/fuzz/%.c $(B)/oracle_simdjson.o $(ENGINE_A) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(IG_CFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/oracle_simdjson.o \
	    $(ENGINE_A) -ljansson -lsimdjson -lstdc++ $(IG_LIBS)

$(B)/bench/engine_bench $(B)/bench/load $(B)/bench/floor: bench/body.c

$(B)/bench/%: bench/%.c $(ENGINE_A) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(IG_CFLAGS) -o $@ $(filter %.c,$^) $(ENGINE_A) $(IG_LIBS)


# --- the module ---

MODULE      := $(B)/ngx_http_inference_guard_module.so
MODULE_C    := $(wildcard ngx_inference_guard/nginx/*.c)
MODULE_H    := $(wildcard ngx_inference_guard/nginx/*.h)
NGINX_DEV   := /usr/share/nginx/src

NGINX_SET   := --with-cc=$(CC) --with-cc-opt="$(strip $(OPTIMIZE) $(CFLAGS))" \
               --add-dynamic-module=$(CURDIR)
ifdef SANITIZE
# NGINX names a variable of each module like one of its own (ngx_modules): the
# sanitizer shall guard the module's
NGINX_SET   += --with-ld-opt=-Wl,-Bsymbolic
endif
NGINX_ENV   := ASAN_OPTIONS=detect_leaks=0 \
               IG_VECTORSCAN=$(if $(filter yes,$(VECTORSCAN)),yes,no)

module: $(MODULE)

# configured anew when a source file comes or goes
$(B)/module.list: $(MODULE_C) $(ENGINE)
	@mkdir -p $(B)
	@echo $(sort $^) $(NGINX_ENV) $(NGINX_FLAGS) $(NGINX_SRC) | cmp -s - $@ \
	    || echo $(sort $^) $(NGINX_ENV) $(NGINX_FLAGS) $(NGINX_SRC) >$@

$(B)/nginx/objs/Makefile: config $(B)/module.list \
                          ngx_inference_guard/engine/limit/lease.lua
	rm -rf $(B)/nginx
	mkdir -p $(B)/nginx
ifdef NGINX_SRC
	cp -a $(NGINX_SRC)/. $(B)/nginx
	cd $(B)/nginx && { [ -x configure ] || ln -s auto/configure configure; } \
	    && $(NGINX_ENV) ./configure --with-compat \
	       --with-http_ssl_module --with-http_v2_module \
	       --with-http_realip_module --with-http_auth_request_module \
	       --with-threads $(NGINX_SET) $(NGINX_FLAGS) >configure.log 2>&1 \
	    || { tail -20 configure.log; exit 1; }
else
	cp -a $(NGINX_DEV)/. $(B)/nginx
	cd $(B)/nginx && $(NGINX_ENV) bash -c '. ./conf_flags \
	    && ./configure "$${NGX_CONF_FLAGS[@]}" $(NGINX_SET) $(NGINX_FLAGS)' \
	       >configure.log 2>&1 || { tail -20 configure.log; exit 1; }
endif

$(MODULE): $(B)/nginx/objs/Makefile $(MODULE_C) $(MODULE_H) $(ENGINE) $(HEADERS)
	@echo "  NGINX $@"
	$(Q)$(MAKE) -C $(B)/nginx -f objs/Makefile modules >$(B)/nginx/make.log 2>&1 \
	    || { tail -30 $(B)/nginx/make.log; exit 1; }
	cp $(B)/nginx/objs/ngx_http_inference_guard_module.so $@


# --- for people ---

deps:
	.ci/deps

# a second make, as packages that deps installs decide about flags
test: deps
	$(MAKE) check

check: all unit
	$(MAKE) B=$(B)/no-vectorscan VECTORSCAN=no cli
	$(MAKE) B=$(B_ASAN) CC=clang SANITIZE=address,undefined unit module
	$(MAKE) B=$(B_FUZZ) CC=clang SANITIZE=fuzzer-no-link,address,undefined fuzz
	B=$(B) B_ASAN=$(B_ASAN) B_FUZZ=$(B_FUZZ) prove -j2 -I t/lib $(or $(T),t)

demo:
	.ci/deps --build
	$(MAKE) all
	B=$(B) examples/demo/run.sh $(ARGS)

bench:
	.ci/deps --build
	$(MAKE) all benches
	IG_B=$(B) bench/run.pl

PREFIX      ?= /usr
SYSCONFDIR  ?= /etc
install:
	install -D -m 644 $(MODULE) \
	    $(DESTDIR)$(PREFIX)/lib/nginx/modules/ngx_http_inference_guard_module.so
	install -D -m 755 $(B)/inference-guard \
	    $(DESTDIR)$(PREFIX)/bin/inference-guard
	install -d $(DESTDIR)$(SYSCONFDIR)/inference-guard/rules/tests
	install -m 644 rules/*.yaml rules/schema.json \
	    $(DESTDIR)$(SYSCONFDIR)/inference-guard/rules
	install -m 644 rules/tests/*.yaml \
	    $(DESTDIR)$(SYSCONFDIR)/inference-guard/rules/tests
	install -D -m 644 examples/inference_guard_proxy.conf \
	    $(DESTDIR)$(SYSCONFDIR)/nginx/inference_guard_proxy.conf

clean:
	rm -rf $(B) $(B_ASAN) $(B_FUZZ)
