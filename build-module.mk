# The NGINX module.  Without NGINX_SRC it is for Debian's nginx, built from the
# sources that nginx-dev installs; with NGINX_SRC=dir for that tree.

MODULE      := $(B)/ngx_http_inference_guard_module.so
MODULE_C    := $(wildcard ngx_inference_guard/nginx/*.c)
MODULE_H    := $(wildcard ngx_inference_guard/nginx/*.h)
NGINX_DEV   := /usr/share/nginx/src

module: $(MODULE)

$(B)/nginx/objs/Makefile: config $(MODULE_C) $(ENGINE)
	rm -rf $(B)/nginx
	mkdir -p $(B)/nginx
ifdef NGINX_SRC
	cp -a $(NGINX_SRC)/. $(B)/nginx
	cd $(B)/nginx && cfg=./configure && { [ -x $$cfg ] || cfg=auto/configure; } \
	    && IG_VECTORSCAN=$(or $(VECTORSCAN),no) $$cfg --with-compat \
	       --with-http_ssl_module --with-http_v2_module \
	       --with-http_realip_module --with-http_auth_request_module \
	       --with-threads $(NGINX_FLAGS) \
	       --add-dynamic-module=$(CURDIR) >configure.log \
	    || { tail -20 configure.log; exit 1; }
else
	cp -a $(NGINX_DEV)/. $(B)/nginx
	cd $(B)/nginx && IG_VECTORSCAN=$(or $(VECTORSCAN),no) bash -c \
	    '. ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" \
	     $(NGINX_FLAGS) --add-dynamic-module=$(CURDIR)' >configure.log \
	    || { tail -20 configure.log; exit 1; }
endif

$(MODULE): $(B)/nginx/objs/Makefile $(MODULE_C) $(MODULE_H) $(ENGINE) $(HEADERS)
	$(MAKE) -C $(B)/nginx -f objs/Makefile modules
	cp $(B)/nginx/objs/ngx_http_inference_guard_module.so $@
