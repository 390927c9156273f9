package main

// docs: begin file
import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// TokenFile keeps a token in a file that only its owner can read. Its folder exists.
type TokenFile string

// Load returns "" if there is no token.
func (f TokenFile) Load() (string, error) {
	token, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return string(token), err
}

// Save replaces the file in one step, so that a crash leaves the old token or the new one.
func (f TokenFile) Save(token string) error {
	temp, err := os.CreateTemp(filepath.Dir(string(f)), ".token-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(token)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), string(f))
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// docs: end
