package regf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// NewValue is a value that does not lie in a hive file, such as one that the
// running system told. The name is UTF-16LE; err is why the data is not, or not
// all, to be had.
func NewValue(name []byte, t Type, data []byte, err error) (*Value, error) {
	if len(name) > math.MaxUint16 || int64(len(data)) >= inlineData {
		return nil, fmt.Errorf("a value with a name of %d bytes and data of %d", len(name), len(data))
	}
	vk := make([]byte, valueHeader, valueHeader+len(name))
	copy(vk, "vk")
	binary.LittleEndian.PutUint16(vk[2:], uint16(len(name)))
	binary.LittleEndian.PutUint32(vk[4:], uint32(len(data)))
	binary.LittleEndian.PutUint32(vk[12:], uint32(t))
	return &Value{vk: append(vk, name...), loaded: true, data: data, err: err}, nil
}
