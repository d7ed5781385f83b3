-- From here on nothing reaches outside but the files that are allowed, and nothing of this can be changed.
set autoload_known_extensions = false;
set python_enable_replacements = false;
set enable_external_access = false;
set lock_configuration = true;
