// hashlib's key derivation: pbkdf2_hmac and scrypt.
#ifndef PYTHON_KDF_H
#define PYTHON_KDF_H

// Makes the module _boxer_kdf importable. Before an interpreter is started, once.
void kdf_begin(void);

#endif
