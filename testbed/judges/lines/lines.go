// Package lines lets a program answer one JSON document a line.
package lines

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// question is one line of JSON and the place where its answer goes.
type question struct {
	line   []byte
	answer chan []byte
}

// Answer reads one JSON document a line and writes one answer a line, in the same order, each
// as soon as it is known. Every worker answers one line at a time, in a goroutine of its own.
func Answer(in io.Reader, out io.Writer, workers []func(line []byte) any) error {
	questions, waiting := make(chan question), make(chan question, 4*len(workers))
	for _, worker := range workers {
		go func() {
			for asked := range questions {
				asked.answer <- encode(worker(asked.line))
			}
		}()
	}
	failed := make(chan error, 1)
	go func() {
		failed <- readLines(in, func(line []byte) {
			asked := question{line: line, answer: make(chan []byte, 1)}
			waiting <- asked
			questions <- asked
		})
		close(questions)
		close(waiting)
	}()
	for asked := range waiting {
		if _, err := out.Write(<-asked.answer); err != nil {
			return err
		}
	}
	return <-failed
}

// readLines calls do with each line that isn't blank, however long it is.
func readLines(in io.Reader, do func(line []byte)) error {
	reader := bufio.NewReader(in)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			do(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Decode reads a document strictly: a field that the type doesn't have is a mistake of the asker.
func Decode(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// encode makes a line of an answer, whose types can always be encoded.
func encode(answer any) []byte {
	line, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return append(line, '\n')
}
