# The NGINX module.  Without NGINX_SRC it is for Debian's nginx, built from the
# sources that nginx-dev installs; with NGINX_SRC=dir for that tree.
# NGINX_FLAGS go to its configure.

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

$(B)/nginx/objs/Makefile: config $(B)/module.list
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
	$(MAKE) -C $(B)/nginx -f objs/Makefile modules
	cp $(B)/nginx/objs/ngx_http_inference_guard_module.so $@
