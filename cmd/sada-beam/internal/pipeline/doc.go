// Package pipeline is the way of pages through sada as an Apache Beam pipeline.
package pipeline
