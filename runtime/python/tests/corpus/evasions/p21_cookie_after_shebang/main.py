#!/usr/bin/env python3
#        -*- mode: python; coding: UTF_7 -*-
# +AAo-exec("print('PWNED')")
